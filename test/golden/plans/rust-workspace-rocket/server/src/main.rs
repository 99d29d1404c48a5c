#[macro_use] extern crate rocket;

#[get("/health")]
fn health() -> &'static str { "ok" }

#[get("/<name>?<lang>")]
fn rule(name: &str) -> String { std::env::var("REDIS_URL").unwrap_or("redis://127.0.0.1/".into()) }

#[launch]
fn rocket() -> _ {
    rocket::build().mount("/rules", routes![health, rule])
}
