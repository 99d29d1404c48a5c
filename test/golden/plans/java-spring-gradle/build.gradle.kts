plugins {
    kotlin("jvm") version "2.0.0"
    id("org.springframework.boot") version "3.1.5"
}

version = "0.4.0"

kotlin {
    jvmToolchain(17)
}

dependencies {
    implementation("org.springframework.boot:spring-boot-starter-webflux")
    implementation(libs.redis.starter)
    runtimeOnly("org.postgresql:postgresql:42.7.3")
    testImplementation("org.mongodb:mongodb-driver-sync:5.0.0")
}
