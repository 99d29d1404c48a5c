public class Right { public static void main(String[] args) {} }
