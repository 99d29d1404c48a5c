use axum::{routing::{get, post}, Router};
use std::env;

#[tokio::main]
async fn main() {
    let port: u16 = env::var("PORT").ok().and_then(|p| p.parse().ok()).unwrap_or(3000);
    let url = std::env::var("DATABASE_URL").expect("DATABASE_URL");
    let base = env::var("BASE_URL").unwrap_or_else(|_| "http://localhost:3000".to_string());
    let built = env!("CARGO_PKG_VERSION"); // env::var("COMMENTED")
    let pool = sqlx::PgPool::connect(&url).await.unwrap();
    sqlx::migrate!("./migrations").run(&pool).await.unwrap();
    let page = std::fs::read_to_string("assets/index.html").unwrap();
    let app = Router::new()
        .route("/health", get(|| async { "ok" }))
        .route("/links", post(create).get(list))
        .route("/:code", get(follow));
    let listener = tokio::net::TcpListener::bind(("0.0.0.0", port)).await.unwrap();
    axum::serve(listener, app).await.unwrap();
}
