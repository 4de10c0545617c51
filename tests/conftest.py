"""What every test shares: nothing may outlive it."""
