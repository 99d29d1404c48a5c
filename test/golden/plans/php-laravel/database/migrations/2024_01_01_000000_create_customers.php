<?php
Schema::create('customers', fn ($table) => $table->id());
