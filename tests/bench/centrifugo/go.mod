module denyut/bench/centrifugo

go 1.23

require github.com/centrifugal/centrifugo/v5 v5.4.9
