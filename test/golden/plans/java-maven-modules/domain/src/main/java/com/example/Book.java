package com.example;
public record Book(String title) {}
