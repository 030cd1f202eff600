module ztools/testdata/peers/mangos

go 1.26.0

require (
	go.nanomsg.org/mangos/v3 v3.4.2
	ztools v0.0.0
)

require (
	github.com/Microsoft/go-winio v0.5.2 // indirect
	golang.org/x/sys v0.49.0 // indirect
)

replace ztools => ../../..
