/* zmq_utils.h of ztools - what it once declared is in zmq.h; old programs include it. */
#include "zmq.h"
