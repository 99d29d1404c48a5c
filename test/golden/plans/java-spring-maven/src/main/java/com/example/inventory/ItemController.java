package com.example.inventory;

import org.springframework.beans.factory.annotation.Value;
import org.springframework.web.bind.annotation.*;

@RestController
@RequestMapping("/api/items")
public class ItemController {
    @Value("${app.greeting}") private String greeting;
    @Value("${app.page-size:20}") private int pageSize;

    @GetMapping
    public String all() { return greeting; }

    @GetMapping("/{id}")
    public String one(@PathVariable long id) { return System.getenv("REGION"); }

    @PostMapping
    public void add(@RequestBody String item) { }
}
