package fleet;
public class Truck {}
