application = ProtocolTypeRouter({})
