module ztools/testdata/peers/gozeromq

go 1.26.0

require (
	github.com/go-zeromq/zmq4 v0.17.0
	ztools v0.0.0
)

require (
	github.com/go-zeromq/goczmq/v4 v4.2.2 // indirect
	golang.org/x/sync v0.8.0 // indirect
	golang.org/x/text v0.15.0 // indirect
)

replace ztools => ../../..
