package main

import (
	"github.com/acme/shop/v2/internal/config"
	"github.com/gin-gonic/gin"
)

func main() {
	settings := config.Load()
	r := gin.Default()
	r.GET("/health", func(c *gin.Context) { c.JSON(200, gin.H{"status": "ok"}) })
	api := r.Group("/api/v1")
	api.GET("/products", list(settings))
	api.POST("/products", add(settings))
	admin := api.Group("/admin")
	admin.DELETE("/products/:id", remove(settings))
	_ = r.Run()
}
