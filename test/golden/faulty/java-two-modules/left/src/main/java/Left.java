public class Left { public static void main(String[] args) {} }
