<?php
namespace App\Controller;

#[Route('/books')]
class BookController
{
    #[Route('', methods: ['GET'])]
    public function all() {}

    #[Route('/{id}', name: 'book', methods: ['GET', 'DELETE'])]
    public function one() {}
}
