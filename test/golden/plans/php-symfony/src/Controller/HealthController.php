<?php
class HealthController
{
    #[Route('/healthz')]
    public function health() {}
}
