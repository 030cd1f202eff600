package main

import "ztools/lib/zmq"

// subscription counts what comes from a publisher that is already there. Gaps are
// found if the messages are zbench's own.
func subscription(r *run) error {
	subs, err := r.open(zmq.Sub, 1, client)
	if err != nil {
		return err
	}
	for _, prefix := range r.prefixes {
		if err := subs[0].Subscribe(prefix); err != nil {
			return err
		}
	}
	if err := r.attach(subs, r.to); err != nil {
		return err
	}
	return r.collect(subs, false)
}
