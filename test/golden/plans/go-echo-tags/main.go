package main

import (
	"github.com/caarlos0/env/v10"
	_ "github.com/go-sql-driver/mysql"
	"github.com/labstack/echo/v4"
)

type settings struct {
	Port     int    `env:"PORT" envDefault:"1323"`
	DSN      string `env:"MYSQL_DSN,required"`
	Debug    bool   `env:"DEBUG" envDefault:"false"`
	Secret   string `env:"JWT_SECRET,notEmpty"`
	LogLevel string `env:"LOG_LEVEL,default=info"`
}

func main() {
	var s settings
	if err := env.Parse(&s); err != nil {
		panic(err)
	}
	e := echo.New()
	e.GET("/ping", pong)
	e.GET("/tickets/:id", ticket)
	e.Logger.Fatal(e.Start(":1323"))
}
