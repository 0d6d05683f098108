module github.com/pyramidgo/redissessions/bench

go 1.26.8
