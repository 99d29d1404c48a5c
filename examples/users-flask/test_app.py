"""Needs no database: python -m unittest"""

import unittest
from unittest.mock import patch

import app as service


class ServiceTest(unittest.TestCase):
    def setUp(self):
        self.client = service.app.test_client()

    def test_health_answers_without_a_database(self):
        self.assertEqual(self.client.get("/health").status_code, 200)

    def test_ready_says_503_while_the_database_does_not_answer(self):
        with patch.object(service.database.session, "execute", side_effect=OSError("connection refused")):
            self.assertEqual(self.client.get("/ready").status_code, 503)

    def test_metrics_count_requests_by_route(self):
        self.client.get("/version")
        self.assertIn('http_requests_total{method="GET",route="/version",status="200"}', self.client.get("/metrics").text)


if __name__ == "__main__":
    unittest.main()
