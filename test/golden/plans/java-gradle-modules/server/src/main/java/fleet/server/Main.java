package fleet.server;

import io.javalin.Javalin;

public class Main {
    public static void main(String[] args) {
        var app = Javalin.create().start(7001);
        app.get("/trucks", context -> context.json(trucks()));
        app.get("/healthz", context -> context.result("ok"));
    }
}
