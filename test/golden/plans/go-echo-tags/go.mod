module tickets

go 1.21

require (
	github.com/caarlos0/env/v10 v10.0.0
	github.com/go-sql-driver/mysql v1.8.1
	github.com/labstack/echo/v4 v4.12.0
)
