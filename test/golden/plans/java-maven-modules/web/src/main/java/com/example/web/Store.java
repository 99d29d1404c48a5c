package com.example.web;
@RestController
public class Store {
  @GetMapping("/books") List<Book> all() { return List.of(); }
  public static void main(String[] args) { SpringApplication.run(Store.class, args); }
}
