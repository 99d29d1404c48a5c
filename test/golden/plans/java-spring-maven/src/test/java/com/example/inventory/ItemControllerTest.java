class ItemControllerTest { String x = System.getenv("ONLY_IN_TESTS"); }
