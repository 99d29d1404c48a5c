module github.com/acme/shop/v2

go 1.23

toolchain go1.24.2

require github.com/gin-gonic/gin v1.10.0
require github.com/lib/pq v1.10.9
