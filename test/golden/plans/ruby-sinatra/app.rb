require "sinatra"
require "mysql2"

set :port, 4000

db = Mysql2::Client.new(
  host: ENV.fetch("DB_HOST", "localhost"),
  username: ENV["DB_USER"] || "root",
  password: ENV["DB_PASSWORD"],
  database: ENV.fetch("DB_NAME") { "wiki" }
)

get "/health" do
  "ok"
end

get "/pages/:name" do
  db.query("SELECT 1")
end

# get "/hidden" do end
