<?php
Schedule::command('crm:remind')->daily();
