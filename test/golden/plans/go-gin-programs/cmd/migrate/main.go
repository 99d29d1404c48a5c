package main

import "github.com/acme/shop/v2/internal/config"

func main() {
	migrate(config.Load().Database)
}
