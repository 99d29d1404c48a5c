public record Book(string Title);
