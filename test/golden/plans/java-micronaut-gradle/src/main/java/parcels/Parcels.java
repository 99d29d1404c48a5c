package parcels;

import io.micronaut.http.annotation.*;

@Controller("/parcels")
public class Parcels {
    @Get("/{code}")
    public String track(String code) { return code; }

    @Post
    public void send() { }
}
