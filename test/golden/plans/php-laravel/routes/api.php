<?php
Route::get('/customers', [CustomerController::class, 'index']);
