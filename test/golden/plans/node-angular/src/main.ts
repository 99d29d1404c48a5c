bootstrapApplication(AppComponent);
