def test_owner_opens_the_settings(owner_client, project):
    assert owner_client.get("/projects/heart/settings/").status_code == 200
