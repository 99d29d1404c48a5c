namespace Library.Api.Controllers;

[ApiController]
[Route("api/[controller]")]
public class BooksController : ControllerBase
{
    [HttpGet]
    public IActionResult All() => Ok();

    [HttpGet("{id}")]
    public IActionResult One(int id) => Ok();

    [HttpDelete("{id}")]
    public IActionResult Remove(int id) => NoContent();
}
