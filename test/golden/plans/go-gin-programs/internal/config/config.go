package config

import (
	"os"
	"strconv"
	"time"
)

type Config struct {
	Database string
	Timeout  time.Duration
	Workers  int
}

func Load() Config {
	return Config{
		Database: GetString("DATABASE_URL", "postgres://localhost/shop"),
		Timeout:  GetDuration("REQUEST_TIMEOUT", 5*time.Second),
		Workers:  GetInt("WORKERS", 4),
	}
}

func GetString(key, fallback string) string {
	if value := os.Getenv(key); value != "" {
		return value
	}
	return fallback
}

func GetInt(key string, fallback int) int {
	value, err := strconv.Atoi(os.Getenv(key))
	if err != nil {
		return fallback
	}
	return value
}

func GetDuration(key string, fallback time.Duration) time.Duration {
	value, err := time.ParseDuration(os.Getenv(key))
	if err != nil {
		return fallback
	}
	return value
}
