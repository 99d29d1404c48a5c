module example.com/acme/orders

go 1.22.3

require (
	github.com/jackc/pgx/v5 v5.6.0
	github.com/redis/go-redis/v9 v9.5.1
	golang.org/x/sync v0.7.0 // indirect
)
