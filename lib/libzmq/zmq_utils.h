/* zmq_utils.h - what it once declared is in zmq.h; old programs include it. */
#include "zmq.h"
