package main

import "net/http"

func main() { http.ListenAndServe(":2", nil) }
