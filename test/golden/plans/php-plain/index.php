<?php
$db = new PDO('mysql:host=' . (getenv('DB_HOST') ?: 'localhost') . ';dbname=' . ($_ENV['DB_NAME'] ?? 'guests'), getenv('DB_USER'), getenv('DB_PASSWORD'));
# getenv('COMMENTED')
if ($_SERVER['REQUEST_METHOD'] === 'POST') {
    $db->exec('INSERT INTO guests VALUES (1)');
}
