module ztools

go 1.26
