<?php
Route::get('/', fn () => view('welcome'));
Route::post('/customers', [CustomerController::class, 'store']);
