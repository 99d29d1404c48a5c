package org.acme;

import jakarta.ws.rs.*;
import org.eclipse.microprofile.config.inject.ConfigProperty;

@Path("/forecast")
public class Forecast {
    @ConfigProperty(name = "forecast.source", defaultValue = "north") String source;

    @GET
    public String all() { return source; }

    @GET
    @Path("/{city}")
    public String city(String city) { return city; }

    @POST
    @Path("/observations")
    public void add() { }
}
