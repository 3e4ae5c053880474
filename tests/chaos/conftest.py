"""What starts everything takes minutes. By name: ``./test tests/chaos/test_automations_services.py``."""

collect_ignore = ["test_automations_services.py"]
