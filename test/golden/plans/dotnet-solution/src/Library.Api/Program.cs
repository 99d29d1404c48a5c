var builder = WebApplication.CreateBuilder(args);
builder.Services.AddControllers();
var redis = builder.Configuration["REDIS_URL"];
var app = builder.Build();
app.MapControllers();
app.UseHttpMetrics();
app.MapMetrics();
app.Run("http://0.0.0.0:5005");
