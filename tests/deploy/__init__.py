"""What docker-compose.yml, the Dockerfile and deploy/ promise, tried as far as one can without an engine."""
