<?php
getenv('ONLY_IN_TESTS');
