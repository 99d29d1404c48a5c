package main

import (
	"net/http"

	"github.com/go-chi/chi/v5"
	_ "github.com/mattn/go-sqlite3"
	"github.com/spf13/viper"
)

func main() {
	viper.SetEnvPrefix("notes")
	viper.AutomaticEnv()
	viper.SetDefault("port", 3333)
	viper.SetDefault("store", "notes.db")
	viper.BindEnv("token", "NOTES_API_TOKEN")
	r := chi.NewRouter()
	r.Get("/status", status)
	r.Route("/notes", func(r chi.Router) {
		r.Get("/", all)
		r.Post("/", add)
		r.Route("/{id}", func(r chi.Router) {
			r.Get("/", one)
			r.Delete("/", remove)
		})
	})
	http.ListenAndServe("localhost:3333", r)
}
