module example.org/notes

go 1.16

require (
	github.com/go-chi/chi/v5 v5.0.12
	github.com/mattn/go-sqlite3 v1.14.22
	github.com/spf13/viper v1.18.2
)
