package example;

import com.sun.net.httpserver.HttpServer;
import java.net.InetSocketAddress;

public class Clock {
    public static void main(String[] args) throws Exception {
        var redis = System.getenv().getOrDefault("REDIS_URL", "redis://localhost:6379");
        var server = HttpServer.create(new InetSocketAddress(7070), 0);
        server.createContext("/time", new Time(redis));
        server.createContext("/health", exchange -> exchange.close());
        server.start();
    }
}
